"""Building blocks that know nothing of GeoPix: each is a plain ``nn.Module`` of plain numbers."""
