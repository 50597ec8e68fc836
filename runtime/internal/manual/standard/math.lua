--- Numbers.
math = {}

--- Returns the number without its sign.
---@param x number
---@return number
function math.abs(x) end

--- Returns the arc cosine in radians.
---@param x number
---@return number
function math.acos(x) end

--- Returns the arc sine in radians.
---@param x number
---@return number
function math.asin(x) end

--- Returns the arc tangent in radians.
---@param x number
---@return number
function math.atan(x) end

--- Returns the arc tangent of y/x in radians, in the quadrant given by the signs.
---@param y number
---@param x number
---@return number
function math.atan2(y, x) end

--- Rounds up.
---@param x number
---@return integer
function math.ceil(x) end

--- Returns the cosine of an angle in radians.
---@param x number
---@return number
function math.cos(x) end

--- Returns the hyperbolic cosine.
---@param x number
---@return number
function math.cosh(x) end

--- Converts radians to degrees.
---@param x number
---@return number
function math.deg(x) end

--- Returns e to the power of x.
---@param x number
---@return number
function math.exp(x) end

--- Rounds down. `math.floor(x + 0.5)` rounds to the nearest whole number.
---@param x number
---@return integer
function math.floor(x) end

--- Returns the remainder of x/y with the sign of x.
---@param x number
---@param y number
---@return number
function math.fmod(x, y) end

--- Splits a number into a fraction and a power of two.
---@param x number
---@return number, integer
function math.frexp(x) end

--- Returns m times two to the power of e.
---@param m number
---@param e integer
---@return number
function math.ldexp(m, e) end

--- Returns the natural logarithm.
---@param x number
---@return number
function math.log(x) end

--- Returns the logarithm to the base 10.
---@param x number
---@return number
function math.log10(x) end

--- Returns the largest argument.
---@param x number
---@return number
function math.max(x, ...) end

--- Returns the smallest argument.
---@param x number
---@return number
function math.min(x, ...) end

--- The old name of `math.fmod`.
---@deprecated math.fmod
---@param x number
---@param y number
---@return number
function math.mod(x, y) end

--- Splits a number into its whole part and the rest.
---@param x number
---@return number, number
function math.modf(x) end

--- Returns x to the power of y; the same as `x ^ y`.
---@param x number
---@param y number
---@return number
function math.pow(x, y) end

--- Converts degrees to radians.
---@param x number
---@return number
function math.rad(x) end

--- Returns a random number: between 0 and 1, or a whole number from 1 to m or from m to n.
---@param m integer?
---@param n integer?
---@return number
function math.random(m, n) end

--- Sets the seed of the random numbers.
---@param seed number
function math.randomseed(seed) end

--- Returns the sine of an angle in radians.
---@param x number
---@return number
function math.sin(x) end

--- Returns the hyperbolic sine.
---@param x number
---@return number
function math.sinh(x) end

--- Returns the square root.
---@param x number
---@return number
function math.sqrt(x) end

--- Returns the tangent of an angle in radians.
---@param x number
---@return number
function math.tan(x) end

--- Returns the hyperbolic tangent.
---@param x number
---@return number
function math.tanh(x) end

--- A number larger than any other.
---@type number
math.huge = 0

--- The number pi.
---@type number
math.pi = 3.14
