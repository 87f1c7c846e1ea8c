"""A page for anybody with a phone: scan a certificate's QR code and see whether it stands (公开核验页)."""
