"""Room: report. What a trained pipeline is shown by: page, summary, model card."""
