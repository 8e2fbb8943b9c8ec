"""Simulated platforms and a simulated Salesforce org over real HTTP; imports none of the other rooms."""
