-- The matchers, tested with themselves: fails(fn) runs an expectation that must
-- not hold, and returns what it says.
local function fails(fn)
  return expect(fn).to_raise{ kind = "expectation" }.message
end

describe("to_equal", function()
  it.each("{a} and {b}", {
    { a = 1, b = 1 },
    { a = "x", b = "x" },
    { a = {}, b = {} },
    { a = { 1, { 2, x = "y" } }, b = { 1, { 2, x = "y" } } },
    { a = json.null, b = json.null },
    { a = json.array{}, b = {} },
    { a = json.decode('{"a":[1,{"b":null}]}', { nulls = true }), b = { a = { 1, { b = json.null } } } },
  }, function(case)
    expect(case.a).to_equal(case.b)
    fails(function() expect(case.a).never.to_equal(case.b) end)
  end)

  it.each("{a} is not {b}", {
    { a = 1, b = "1" },
    { a = false },
    { a = { 1, 2 }, b = { 1 } },
    { a = { 1 }, b = { 1, 2 } },
    { a = { x = { y = 1 } }, b = { x = { y = 2 } } },
    { a = { [1] = 1, ["1"] = 2 }, b = { 1, 2 } },
    { a = {}, b = json.null },
  }, function(case)
    expect(case.a).never.to_equal(case.b)
    fails(function() expect(case.a).to_equal(case.b) end)
  end)

  it("ends with tables that hold themselves", function()
    local a, b = { 1 }, { 1 }
    a.self, b.self = a, b
    expect(a).to_equal(b)
    b[1] = 2
    expect(a).never.to_equal(b)
  end)

  it("takes a number that is none for different", function()
    local nan = 0 / 0
    expect(nan).never.to_equal(nan)
  end)
end)

it("to_be wants the same table", function()
  local a = {}
  expect(a).to_be(a)
  expect({}).never.to_be({})
  expect(fails(function() expect({}).to_be({}) end)).to_contain("to_equal")
end)

it("to_be_nil, to_be_truthy and to_be_falsy", function()
  expect(nil).to_be_nil()
  expect().to_be_nil()
  expect(false).never.to_be_nil()
  expect(0).to_be_truthy()
  expect("").to_be_truthy()
  expect(nil).to_be_falsy()
  expect(false).to_be_falsy()
  fails(function() expect(0).to_be_falsy() end)
  fails(function() expect(nil).to_be_truthy() end)
end)

it("to_be_a", function()
  expect("x").to_be_a("string")
  expect({}).to_be_a("table")
  expect(fails(function() expect(1).to_be_a("string") end)).to_contain("is a number")
end)

describe("to_contain", function()
  it("finds a part of a text, as it is", function()
    expect("50% off").to_contain("% o")
    expect("abc").never.to_contain("B")
    expect("a 1").to_contain(1)
  end)
  it("finds an item of a list, however deep", function()
    expect({ { a = { 1 } } }).to_contain({ a = { 1 } })
    expect({}).never.to_contain(1)
  end)
  it("refuses what has no parts", function()
    expect(function() expect({ a = 1 }).to_contain(1) end).to_raise("to_include")
    expect(function() expect(nil).to_contain(1) end).to_raise("only strings and lists")
    expect(function() expect("x").to_contain({}) end).to_raise("not a table")
  end)
end)

it("to_include looks at the given fields alone", function()
  local company = { name = "Acme", owner = { nick = "ada", active = true }, tags = { "a", "b" } }
  expect(company).to_include{ name = "Acme" }
  expect(company).to_include{ owner = { nick = "ada" }, tags = { "a" } }
  expect(company).never.to_include{ owner = { nick = "bob" } }
  expect(company).never.to_include{ missing = 1 }
  expect(nil).never.to_include{}
end)

it("to_have_length", function()
  expect({ 1, 2 }).to_have_length(2)
  expect("abc").to_have_length(3)
  expect(fails(function() expect({ 1 }).to_have_length(2) end)).to_contain("has 1")
  expect(function() expect(3).to_have_length(1) end).to_raise("only strings and lists")
end)

it("to_match takes Lua patterns", function()
  expect("A-1041").to_match("^A%-%d+$")
  expect("A-1041").never.to_match("^%d")
  expect(function() expect(1).to_match("x") end).to_raise("only strings")
  expect(function() expect("x").to_match("[") end).to_raise("malformed pattern")
end)

it("compares numbers", function()
  expect(0.1 + 0.2).to_be_close_to(0.3)
  expect(1.004).to_be_close_to(1)
  expect(1.006).never.to_be_close_to(1)
  expect(1.4).to_be_close_to(1, 0)
  expect(2).to_be_greater_than(1)
  expect(1).never.to_be_greater_than(1)
  expect(1).to_be_at_least(1)
  expect(1).to_be_at_most(1)
  expect(1).to_be_less_than(2)
  expect(function() expect("2").to_be_less_than(3) end).to_raise("not a number")
end)

describe("to_raise", function()
  local function boom() error("no rows here") end
  it("knows any error, a part of the message and a pattern", function()
    expect(boom).to_raise()
    expect(boom).to_raise("no rows")
    expect(boom).to_raise("no %w+ here$")
    expect(boom).never.to_raise("other")
    expect(function() end).never.to_raise()
    fails(function() expect(boom).to_raise("other") end)
    fails(function() expect(boom).never.to_raise() end)
    expect(fails(function() expect(function() end).to_raise() end)).to_contain("but did not")
  end)
  it("knows fields of the error", function()
    local function missing() planhat.company.get_by_id("extid-nobody") end
    local err = expect(missing).to_raise{ kind = "not_found", model = "company" }
    expect(err.status).to_equal(404)
    expect(missing).never.to_raise{ kind = "auth" }
    expect(function() error{ code = 7, message = "seven rows" } end).to_raise{ code = 7, message = "seven" }
    expect(boom).to_raise{ message = "no rows" }
  end)
  it("wants a function", function()
    expect(function() expect(1).to_raise() end).to_raise("function() ... end")
  end)
end)

it("says what may help", function()
  expect(fails(function() expect({ a = 1, b = 2 }).to_equal({ a = 1 }) end)).to_contain("to_include")
  expect(fails(function() expect({ a = 1 }).to_equal({ a = 2 }) end)).never.to_contain("to_include")
  expect(fails(function() expect(nil).to_be_a("table") end)).to_equal("the value should be a table, and is nil")
  expect(function() expect(1).to.equal(1) end).to_raise("matchers are one word")
end)

describe("every matcher", function()
  it("can be called with a colon", function()
    expect(1):to_equal(1)
    expect(1).never:to_equal(2)
    expect(nil):to_be_nil()
    expect(2):to_be_greater_than(1)
  end)
  it("is named where it is misspelt", function()
    expect(function() expect(1).to_eqal(1) end).to_raise("did you mean 'to_equal'?")
    expect(function() expect(1).to_equal(1, 2) end).to_raise("takes at most 1")
    expect(function() expect.to_equal(1) end).to_raise("write expect(value).to_equal")
  end)
  it("does not hold by its opposite twice", function()
    expect(1).never.never.to_equal(1)
  end)
end)
