-- Tests of the helpers in clean.lua. Run them with
--
--   phscript test scripts/examples

local clean = require "lib.clean"

describe("clean.text", function()
  it("takes blanks away at both ends", function()
    expect(clean.text("  Acme Corp ")).to_equal("Acme Corp")
  end)
  it("turns an empty text into nothing", function()
    expect(clean.text("   ")).to_be_nil()
    expect(clean.text(nil)).to_be_nil()
  end)
end)

describe("clean.number", function()
  it.each("reads {text} with {decimal}", {
    { text = "1250", decimal = ".", want = 1250 },
    { text = " 1.250,50 € ", decimal = ",", want = 1250.5 },
    { text = "$1,250.50", decimal = ".", want = 1250.5 },
    { text = "1'250", decimal = ".", want = 1250 },
    { text = "1.250", decimal = ",", want = 1250 },
    { text = "1.250", decimal = ".", want = 1.25 },
    { text = "0,5", decimal = ",", want = 0.5 },
    { text = "(3)", decimal = ".", want = -3 },
  }, function(case)
    expect(clean.number(case.text, case.decimal)).to_equal(case.want)
  end)

  it.each("rejects {text} with {decimal}", {
    { text = "TBD", decimal = "." },
    { text = "1,2,3", decimal = "." },
    { text = "12.2024", decimal = "," },
    { text = "0.125", decimal = "," },
  }, function(case)
    local n, why = clean.number(case.text, case.decimal)
    expect(n).to_be_nil()
    expect(why).to_contain("is not an amount")
  end)

  it("reads no number from nothing", function()
    expect(clean.number(nil, ",")).to_be_nil()
    expect(clean.number("  ", ",")).to_be_nil()
  end)

  it("does not guess the decimal sign", function()
    expect(function() clean.number("1.250") end).to_raise("decimal")
  end)
end)

describe("clean.date", function()
  it.each("reads {text}", {
    { text = "15.3.2021", want = "2021-03-15" },
    { text = "2021-03-15", want = "2021-03-15" },
    { text = "03/04/2021", slashes = "%m/%d/%Y", want = "2021-03-04" },
    { text = "03/04/2021", slashes = "%d/%m/%Y", want = "2021-04-03" },
  }, function(case)
    expect(clean.date(case.text, case.slashes)).to_equal(case.want)
  end)

  it("refuses what is not a date, and what may be two", function()
    expect(clean.date("soon")).to_be_nil()
    expect(clean.date("31/31/2021", "%d/%m/%Y")).to_be_nil()
    expect(clean.date("03/04/2021")).to_be_nil()
  end)
end)

it("clean.email wants one address", function()
  expect(clean.email(" Ada@Example.COM ")).to_equal("ada@example.com")
  expect(clean.email("ada at example.com")).to_be_nil()
  expect(clean.email("")).to_be_nil()
end)

it.each("clean.domain finds {want} in {text}", {
  { text = "https://www.acme.com/about", want = "acme.com" },
  { text = "Acme.com", want = "acme.com" },
  { text = "http://shop.acme.com:8080?x=1", want = "shop.acme.com" },
}, function(case)
  expect(clean.domain(case.text)).to_equal(case.want)
end)

it.each("clean.person writes {text} as {want}", {
  { text = "ADA  LOVELACE", want = "Ada Lovelace" },
  { text = "ada lovelace", want = "Ada Lovelace" },
  { text = "Fiona McDonald", want = "Fiona McDonald" },
  { text = "ÖRJAN ÅKERLUND", want = "Örjan Åkerlund" },
}, function(case)
  expect(clean.person(case.text)).to_equal(case.want)
end)
