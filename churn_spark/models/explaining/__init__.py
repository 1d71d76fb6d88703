"""Why a model gives a customer its score: what each input adds to it, and how that is said in words."""
