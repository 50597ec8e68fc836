planhat.company.import{
  from = "a.csv", key = "externalId", format = "xslx", --> wrong-value: option 'format' must be "csv", "xlsx" or "jsonl", not "xslx" (did you mean 'xlsx'?)
  columns = {
    ID = "externalId",
    Name = { propery = "name" },                       --> unknown-option: option 'columns', "Name": unknown field 'propery' (did you mean 'property'?)
    MRR = { property = "custom.MRR", type = "numbr" }, --> wrong-value: option 'type' must be "text", "number"
    Seats = { property = "custom.Seats", decimal = {}, reference = "sourceid" }, --> wrong-arguments: field 'decimal' must be a string, not a table --> wrong-value: must be "externalId" or "sourceId"
    Status = "statsu",                                 --> unknown-property: unknown company property 'statsu' (did you mean 'status'?)
    Since = { property = "nmae", type = "date" },      --> unknown-property: did you mean 'name'
    Zebra = "zebraStripes",                            --> unknown-property: unknown company property 'zebraStripes'
    Tier = { type = "text" },                          --> wrong-arguments: field 'property' is missing. The property
    Owner = { property = "owner", convert = "upper" }, --> wrong-arguments: field 'convert' must be
    Region = { property = "custom.Region", type = "text", default = 0 },
    Phase = "phase",
  },
  constants = {
    ["custom.Source"] = "CRM", stauts = "customer",    --> unknown-property: did you mean 'status'
  },
  where = "x",                                         --> wrong-arguments: option 'where' must be a function
}
planhat.enduser.import{
  from = "b.csv",
  columns = { Mail = "email", Company = { property = "companyId", reference = "externalId" }, [Column] = { proprty = "x" } }, --> undefined-global: Column
}
