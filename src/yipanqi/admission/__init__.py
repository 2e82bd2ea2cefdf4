"""准入一把尺: dated standards, verdicts with every gap, the smallest change that passes."""
