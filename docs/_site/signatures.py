# SPDX-License-Identifier: Apache-2.0
"""Signatures as users read them: types that a module keeps to itself lose their underscore."""

import re


def process_signature(app, kind, name, what, options, signature, returned):
    plain = [text and re.sub(r"\b_(?=[A-Z])", "", text) for text in (signature, returned)]
    return tuple(plain)


def setup(app):
    app.connect("autodoc-process-signature", process_signature)
    return {"parallel_read_safe": True}
