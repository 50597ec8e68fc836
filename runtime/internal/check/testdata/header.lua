-- @name Import
-- @name Again --> header: @name is already on line 1
-- @author Somebody
-- @parm x --> header: there is no @parm (did you mean '@param'?)
-- @param path:fil "CSV" --> header: there is no type 'fil' (did you mean 'file'?)
-- @param days:integer default=soon --> header: days: the default must be a whole number, not "soon"
-- @param region:choice(eu, us) "Where" default=eu
-- @param file:file "CSV to import"
-- @writes company, enduse --> header: there is no model 'enduse' (did you mean 'enduser'?)
-- @timeout 30 --> header: @timeout: "30" has no unit
-- @anything --> header: there is no @anything

print(params.region, params["file"])
print(params.fil) --> undeclared-parameter: the script declares no parameter 'fil' (did you mean 'file'?)
params.extra = 1
local other = { params = 1 }
print(other.params)

--- Doubles.
-- @param n a number
-- @foo bar
local function double(n)
  return n * 2
end
print(double(2))
