"""Addresses of proofs, below ``/o/<slug>/ledger/``."""

from __future__ import annotations

from django.urls import path

from consent.proofs import views

urlpatterns = [
    path("proof-policy/", views.proof_policy, name="proof_policy"),
    path("<int:event_id>/proof.pdf", views.proof_pdf, name="proof_pdf"),
    path("<int:event_id>/proof.zip", views.proof_bundle, name="proof_bundle"),
    path("<int:event_id>/archived-evidence/", views.archived_evidence, name="archived_evidence"),
    path("<int:event_id>/archived-evidence/scan/", views.archived_scan, name="archived_scan"),
    path("contacts/<int:contact_id>/evidence/archive/", views.evidence_archive, name="evidence_archive"),
    path("contacts/<int:contact_id>/evidence/destroy/", views.evidence_destroy, name="evidence_destroy"),
    path("contacts/<int:contact_id>/proofs.zip", views.contact_proofs, name="contact_proofs"),
]
