-- journey_chosen
INNER JOIN ({population}) AS chosen
    ON walks.day = chosen.day AND walks.visitor = chosen.visitor AND walks.visit = chosen.visit
