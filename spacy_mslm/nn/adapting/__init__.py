"""Masked-LM adaptation of an encoder: documents kept small, updates that do not depend
on how they are spread over passes and processes, checkpoints that go on exactly."""
