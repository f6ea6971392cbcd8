"""The web page at two servers of one cluster: each rule of studio/cluster_rules.mjs in Debian's
Chromium, with a worker in a third process."""

import studio_test
from support.cluster import cluster_case
from support.program import must_run_here


class at_two_servers(cluster_case):
    settings = studio_test.SECRET

    def test_a_piece_made_at_one_is_followed_at_both(self):
        first, second = self.serve(), self.serve()
        if not studio_test.has_page(first):
            must_run_here(studio_test.NO_PAGE)
        self.work()
        studio_test.hold(self, "a_piece_made_at_one_is_followed_at_both",
                         first.hello["address"], second.hello["address"])
