"""The peers: each asks another engine the same questions, as its documentation recommends for speed, on one thread."""
