"""From risk to action, as pure functions: who is alerted, what is planned for whom, and who is withheld."""
