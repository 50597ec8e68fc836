prnt("x") -- phscript: ignore undefined-global
prnt("x") -- phscript: ignore
-- phscript: ignore undefined-global, unused-local -- one of both is not there --> unused-ignore: there is no 'unused-local' here
prnt("x")
-- phscript: ignore undefined-global (a host of ours defines it)
-- Another comment may stand in between.
prnt("x")
prnt("x") -- phscript: ignore unused-local --> undefined-global: 'prnt' --> unused-ignore: there is no 'unused-local'
print("x") -- phscript: ignore --> unused-ignore: nothing here to ignore
print("x") -- phscript: ignore undefined-globl --> unknown-rule: did you mean 'undefined-global'
-- phscript: ignroe undefined-global --> unknown-rule: did you mean 'ignore'
-- phscript: ignore-file undefined-global --> unused-ignore: at the top of the file
print("x")
