-- What the imports of this project share.
return {
  new = "prospect",
  paying = "paying",
}
