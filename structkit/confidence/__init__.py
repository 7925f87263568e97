"""How sure a model was of each scalar of a value: from its tokens' probabilities, or from several replies."""
