"""Only-child parents' honour certificate (独生子女父母光荣证): entered, issued, replaced, cancelled."""
