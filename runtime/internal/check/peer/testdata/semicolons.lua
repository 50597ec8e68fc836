local a = 1; local b = 2;
do end;
local f = function() return ; end ; f();
(print or error)("x");
(function() local inner = 1 end)()
local s = ("x"):rep(2); local t = #"abc"
print((a), ((b)))
local u = { 1; 2; x = 3; }
