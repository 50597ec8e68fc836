local account = json.decode('{"name":"Acme","owner":null}', { nulls = true })
if account.owner and not json.is_null(account.owner) then
  print("has an owner")
end
