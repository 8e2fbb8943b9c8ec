"""The Metadata API: packages of objects, fields, permission sets and layouts come in, and the org has them then.

https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_intro.htm
"""
