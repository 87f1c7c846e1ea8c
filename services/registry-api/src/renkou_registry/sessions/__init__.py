"""Sign-in sessions (登录会话): opened by a sign-in, renewed by refresh tokens that work once, listed and ended."""
