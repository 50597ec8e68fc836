# The same import with Python's csv, json and requests: a dict for each row, 5,000 rows
# in a request, one session.
import csv, json, os, sys
import requests

session = requests.Session()
session.headers.update({"Authorization": "Bearer " + os.environ["PLANHAT_API_TOKEN"], "Content-Type": "application/json"})
sent = rejected = 0


def send(chunk):
    global sent, rejected
    response = session.put(os.environ["PLANHAT_API_URL"] + "/companies", data=json.dumps(chunk))
    response.raise_for_status()
    answer = response.json()
    failed = len(answer.get("createdErrors", [])) + len(answer.get("updatedErrors", []))
    sent += len(chunk) - failed
    rejected += failed


chunk = []
with open("accounts.csv", newline="") as file:
    for row in csv.DictReader(file):
        chunk.append({
            "externalId": row["Account ID"], "name": row["Account Name"], "status": row["Status"], "phase": row["Phase"],
            "custom": {"MRR": float(row["MRR"]), "Tier": row["Tier"], "Seats": int(row["Seats"]), "Region": row["Region"]},
            "domains": [row["Website"]], "description": row["Notes"],
        })
        if len(chunk) == 5000:
            send(chunk)
            chunk = []
if chunk:
    send(chunk)
print(sent, rejected, sep="\t", flush=True)
sys.stdin.read()
