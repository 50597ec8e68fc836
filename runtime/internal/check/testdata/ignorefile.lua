#!/usr/bin/env phscript
-- phscript: ignore-file undefined-global global-set
prnt("x")
count = 1
print(unknown, count)
local unused = 1                     --> unused-local: 'unused' is never used
