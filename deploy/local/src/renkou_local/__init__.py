"""The local stack: district nodes and a hub on embedded servers, one supervised process each."""
