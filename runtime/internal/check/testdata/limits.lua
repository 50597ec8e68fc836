local function f() break end         --> syntax: no loop to break
f()
