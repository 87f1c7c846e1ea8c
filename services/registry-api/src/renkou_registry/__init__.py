"""registry-api (人口登记): people, households, life events, staff and areas of a district."""
