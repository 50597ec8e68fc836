-- How reports write dates.
return {
  day = "%d.%m.%Y",
  report = "dd.mm.yyyy",
}
