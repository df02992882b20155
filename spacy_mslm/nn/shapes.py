"""Shape strings for annotations, checked while testing (jaxtyping is a dev tool).

Without jaxtyping `Float[Tensor, "B P"]` is plain `Tensor`, so that the package needs
no more than it runs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Bool as Bool
    from jaxtyping import Float as Float
    from jaxtyping import Int as Int
else:
    try:
        from jaxtyping import Bool, Float, Int
    except ImportError:

        class _Shape:
            def __class_getitem__(cls, item: tuple[type, str]) -> Any:
                return item[0]

        Bool = Float = Int = _Shape
