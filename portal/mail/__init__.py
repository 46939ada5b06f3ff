"""Outgoing transactional mail: invitations, resets, codes, notices of finished work. Never a campaign."""
