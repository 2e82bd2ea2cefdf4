"""2–3 个推荐方案: candidates, assemblies, schemes and the words that explain them."""
