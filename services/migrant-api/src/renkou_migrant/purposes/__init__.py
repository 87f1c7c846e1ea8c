"""Purposes of messages (通报目的): which kinds may be sent today, as the register's administrator keeps them."""
