"""Masks for photographs that have none, taught by networks that agree.

Needs the extra ``train``.
"""
