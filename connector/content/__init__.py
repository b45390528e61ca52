"""What is launched: each kind of content has a folder. It knows the launch that opened it, and no other adapter."""
