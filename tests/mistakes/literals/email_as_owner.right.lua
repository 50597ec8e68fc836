local kim = planhat.user.get_list{ limit = 1 }[1]
planhat.company.bulk_upsert{
  { externalId = "company-1", owner = kim._id },
}
