"""Kinds of scenes that a trimap network fails on and that ordinary scenes seldom show."""
