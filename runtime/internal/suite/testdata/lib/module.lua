local module = {}
function module.twice(n) return 2 * n end
return module
