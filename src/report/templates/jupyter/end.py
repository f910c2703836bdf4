print(f"{repeated} of {len(run['hypotheses'])} hypotheses repeated, and every number agrees with the report")
