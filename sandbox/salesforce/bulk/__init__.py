"""Bulk API 2.0: whole files of records in one job, and whole answers out of one.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm
"""
