"""Applications for certificates (婚育证明申请): asked for, looked at by a second person, issued or not."""
