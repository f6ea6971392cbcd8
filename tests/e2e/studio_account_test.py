"""Log-in, set-up and the account's pages: each rule of studio/account_rules.mjs in Debian's
Chromium."""

import studio_test


class in_a_browser(studio_test.page_case):
    """Each rule of studio/account_rules.mjs."""


studio_test.add_rules(in_a_browser, "account_rules.mjs")
