-- Tests of {{script}}. Each test has a simulated Planhat, which starts empty.
-- 'phscript doc testing' explains what tests can do.

{{body}}
