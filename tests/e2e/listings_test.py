"""Listings: a piece on offer with its certificate, sold at most once, verified without a server."""

import base64
import json
import subprocess
import threading
import unittest

from pieces_test import person, pieces_case
from support.program import run

BUYS_AT_ONCE = 64
ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # what RFC 8410 puts before a public key


class listings_case(pieces_case):
    def offer(self, **fields) -> dict:
        """A finished piece of Ana's on offer; what the request replied."""
        self.piece = self.ana.create("lo-fi piano 80 bpm in D minor", seed=7)
        self.ana.ended(self.piece, "completed")
        made = self.ana.post("/api/nft", {"generationId": self.piece, "title": "Noche",
                                          "priceMinor": 1500, "currency": "EUR", **fields})
        self.assertEqual(made.status, 201, made.body)
        return made.data


class certificates(listings_case):
    def verify(self, *args: str):
        return run("verify", *map(str, args), cwd=self.home.data_dir.parent)

    def test_a_certificate_is_verified_without_a_server(self):
        self.begin("--concurrency", "1")
        made = self.offer()
        folder = self.home.data_dir.parent
        whole = self.home.anyone.get(made["certificateUrl"])
        self.assertEqual(whole.status, 200, whole.body)
        file, audio = folder / "certificate.json", folder / "piece.mp3"
        file.write_text(json.dumps(whole.data, indent=2))
        audio.write_bytes(self.ana.get(f"/api/generation/{self.piece}/audio").body)
        keys = self.home.anyone.get("/api/nft/key").data
        key = next(k["publicKey"] for k in keys["keys"] if k["current"])
        self.assertEqual(whole.data["certificate"]["seed"], 7)
        self.assertEqual(whole.data["certificate"]["keyId"], keys["current"])
        self.home.terminate()
        good = self.verify(file, audio, "--key", key)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn(b"The certificate holds.", good.stdout)
        self.assertIn(b"was not checked", self.verify(file).stdout)
        audio.write_bytes(audio.read_bytes() + b"x")
        other = self.verify(file, audio, "--key", key)
        self.assertEqual(other.returncode, 1)
        self.assertIn(b"is not the audio", other.stderr)
        forged = json.loads(file.read_text())
        forged["certificate"]["author"] = "Eve"
        file.write_text(json.dumps(forged))
        told = self.verify(file, "--json")
        self.assertEqual((told.returncode, json.loads(told.stdout)["success"]), (1, False))
        file.write_text("{}")
        self.assertEqual(self.verify(file).returncode, 1)
        self.assertEqual(self.verify(folder / "none.json").returncode, 1)

    def test_openssl_finds_the_documented_bytes_signed(self):
        self.begin("--concurrency", "1")
        made = self.offer(description="Canción \"ñ\"")
        document = self.home.anyone.get(made["certificateUrl"]).data
        folder = self.home.data_dir.parent

        def raw(text: str) -> bytes:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

        text = json.dumps(document["certificate"], sort_keys=True, separators=(",", ":"),
                          ensure_ascii=False)
        for name, content in (("key", ED25519_DER + raw(document["publicKey"])),
                              ("signature", raw(document["signature"])),
                              ("message", b"son1k-provenance-v1\n" + text.encode())):
            (folder / name).write_bytes(content)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER",
                               "-inkey", folder / "key", "-rawin", "-in", folder / "message",
                               "-sigfile", folder / "signature"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_rotated_key_still_verifies_what_it_signed(self):
        self.begin("--concurrency", "1")
        made = self.offer()
        before = self.home.anyone.get("/api/nft/key").data
        self.assertEqual(self.ana.post("/api/nft/key/rotate").status, 403)
        root = self.administrator()
        self.assertEqual(root.post("/api/nft/key/rotate").status, 200)
        after = self.home.anyone.get("/api/nft/key").data
        self.assertNotEqual(after["current"], before["current"])
        old = next(k for k in after["keys"] if k["keyId"] == before["current"])
        self.assertFalse(old["current"])
        file = self.home.data_dir.parent / "certificate.json"
        file.write_bytes(self.home.anyone.get(made["certificateUrl"]).body)
        done = self.verify(file, "--key", old["publicKey"])
        self.assertEqual(done.returncode, 0, done.stderr)

    def administrator(self) -> person:
        made = run("users", "create", "--email", "root@example.org", "--admin", "--json",
                   "--data-dir", str(self.home.data_dir), cwd=self.home.data_dir.parent)
        self.assertEqual(made.returncode, 0, made.stderr)
        root = person.__new__(person)
        root.api = self.home.anyone
        root.fields = {"X-API-Key": json.loads(made.stdout)["apiKey"]}
        return root


class trading(listings_case):
    def test_of_64_purchases_at_once_one_is_made(self):
        self.begin("--concurrency", "1")
        made = self.offer()
        people = [person(self.home.anyone, f"buyer{n}@example.org") for n in range(4)]
        together = threading.Barrier(BUYS_AT_ONCE)
        replies: list = []

        def buy(n: int) -> None:
            together.wait()
            replies.append((n, people[n % 4].post(f"/api/nft/{made['id']}/buy")))

        threads = [threading.Thread(target=buy, args=(n,)) for n in range(BUYS_AT_ONCE)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        won = [(n, got) for n, got in replies if got.status == 200]
        self.assertEqual((len(replies), len(won)), (BUYS_AT_ONCE, 1))
        self.assertEqual({got.status for _, got in replies}, {200, 409})
        buyer = people[won[0][0] % 4]
        held = buyer.get("/api/nft?status=sold&mine=holding").json()["data"]
        self.assertEqual([row["id"] for row in held], [made["id"]])
        entries = self.ana.get(f"/api/nft/{made['id']}/ledger").data
        self.assertEqual([row["kind"] for row in entries], ["listed", "sold"])
        self.assertEqual(buyer.get(f"/api/nft/{made['id']}/audio").status, 200)
        stranger = next(p for p in people if p is not buyer)
        self.assertEqual(stranger.get(f"/api/nft/{made['id']}/audio").status, 404)
        self.assertEqual(self.ana.call("DELETE", f"/api/nft/{made['id']}").status, 409)
        self.assertEqual(self.ana.call("DELETE", f"/api/generation/{self.piece}").status, 409)

    def test_a_listing_says_that_no_money_moves(self):
        self.begin("--concurrency", "1")
        made = self.offer()
        self.assertIn("moves no money", made["notice"])
        spanish = self.ana.get(f"/api/nft/{made['id']}", Accept_Language="es")
        self.assertIn("No mueve dinero", spanish.data["notice"])
        page = self.ana.get("/api/nft").json()
        self.assertIn("mints on no chain", page["pagination"]["notice"])
        facts = self.home.anyone.get(made["metadataUrl"]).json()
        self.assertEqual((facts["name"], facts["attributes"][0]["trait_type"]), ("Noche", "Style"))
        self.assertIn("moves no money", facts["notice"])

    def test_a_listing_is_changed_under_its_version_withdrawn_and_listed_again(self):
        self.begin("--concurrency", "1")
        made = self.offer()
        path = f"/api/nft/{made['id']}"
        eve = self.someone_else()
        self.assertEqual(eve.call("PUT", path, {"priceMinor": 1}).status, 404)
        self.assertEqual(eve.call("DELETE", path).status, 404)
        got = self.ana.call("PUT", path, {"priceMinor": 900}, If_Match='"1"')
        self.assertEqual((got.status, got.headers["etag"], got.data["priceMinor"]),
                         (200, '"2"', 900))
        self.assertEqual(self.ana.call("PUT", path, {"priceMinor": 1}, If_Match='"1"').status, 412)
        self.assertEqual(eve.post(path + "/buy", None, If_Match='"1"').status, 412)
        self.assertEqual(self.ana.post(path + "/buy").status, 409)
        self.assertEqual(self.ana.call("DELETE", path).status, 200)
        self.assertEqual(self.ana.get(path).status, 404)
        entries = self.ana.get(path + "/ledger").data
        self.assertEqual([row["kind"] for row in entries], ["listed", "priced", "withdrawn"])
        again = self.ana.post("/api/nft", {"generationId": self.piece, "priceMinor": 1,
                                           "currency": "CLP"})
        self.assertEqual(again.status, 201, again.body)
        self.assertEqual(again.data["title"], self.ana.get(
            f"/api/generation/{self.piece}").data["title"])

    def test_a_seller_gives_it_to_an_account(self):
        self.begin("--concurrency", "1")
        made = self.offer()
        eve = self.someone_else()
        path = f"/api/nft/{made['id']}/transfer"
        whom = eve.get("/api/auth/profile").data["id"]
        self.assertEqual(eve.post(path, {"to": whom}).status, 404)
        for wrong in ("eve@example.org", "x", made["id"]):
            self.assertEqual(self.ana.post(path, {"to": wrong}).status, 422, wrong)
        first = self.ana.post(path, {"to": whom}, Idempotency_Key="k")
        self.assertEqual((first.status, first.data["holderId"]), (200, whom), first.body)
        again = self.ana.post(path, {"to": whom}, Idempotency_Key="k")
        self.assertEqual(again.headers["idempotent-replayed"], "true")
        self.assertEqual(self.ana.post(path, {"to": whom}).status, 409)

    def test_what_is_wrong_is_refused_by_name(self):
        self.begin("--workers", "0")
        piece = self.ana.create()
        whole = {"generationId": piece, "priceMinor": 1, "currency": "EUR"}
        self.assertEqual(self.ana.post("/api/nft", whole).status, 409, "not finished")
        for field, value in (("priceMinor", -1), ("priceMinor", 1.5), ("currency", "eur"),
                             ("currency", "EURO"), ("title", ""), ("holder", "eve")):
            got = self.ana.post("/api/nft", {**whole, field: value})
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), value)
        self.assertEqual(self.ana.post("/api/nft", {**whole, "generationId": "x"}).status, 404)
        for query, field in (("sort=best", "sort"), ("cursor=x", "cursor"), ("limit=0", "limit"),
                             ("mine=all", "mine"), ("currency=x", "currency"), ("x=1", "x")):
            got = self.ana.get("/api/nft?" + query)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), query)
        for path in ("/api/nft/x", "/api/nft/x/certificate", "/api/nft/x/ledger"):
            self.assertEqual(self.ana.get(path).status, 404, path)
        self.assertEqual(self.home.anyone.get("/api/nft").status, 401)


if __name__ == "__main__":
    unittest.main()
