import os, sys
import requests

session = requests.Session()
session.headers["Authorization"] = "Bearer " + os.environ["PLANHAT_API_TOKEN"]
n = owned = offset = 0
while True:
    page = session.get(os.environ["PLANHAT_API_URL"] + "/companies", params={"limit": 5000, "offset": offset, "sort": "_id"}).json()
    for company in page:
        n += 1
        if company.get("status") == "customer" and company.get("phase"):
            owned += 1
    if len(page) < 5000:
        break
    offset += 5000
print(n, owned, sep="\t", flush=True)
sys.stdin.read()
