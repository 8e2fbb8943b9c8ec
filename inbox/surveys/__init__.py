"""Surveys: what customers are asked after a conversation was closed, who is asked, and what they answered."""
