local account = json.decode('{"name":"Acme","owner":null}', { nulls = true })
if account.owner then
  print("has an owner")
end
