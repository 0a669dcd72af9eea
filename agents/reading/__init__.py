"""Who reads a message: the tables alone, or with a model beside them."""
