# Terraform: wait for a job that something else has started before creating what depends on it.
# The credentials come from the environment (HW_ACCESS_KEY, HW_SECRET_KEY, ...), so they are
# neither in the configuration nor in the state.

variable "job_id" {
  description = "The job_id in the reply that started the job."
  type        = string
}

variable "timeout" {
  description = "How long to wait for the job, such as 60m."
  type        = string
  default     = "60m"
}

resource "terraform_data" "wait" {
  triggers_replace = var.job_id

  provisioner "local-exec" {
    # When an interrupted apply is run again, the state file resumes the wait.
    command = "ddswait --ready --timeout \"$TIMEOUT\" --state \"wait-$JOB_ID.json\" \"$JOB_ID\""
    environment = {
      JOB_ID  = var.job_id
      TIMEOUT = var.timeout
    }
  }
}

resource "terraform_data" "next" {
  depends_on = [terraform_data.wait]
  input      = "the database is ready"
}

output "next" {
  value = terraform_data.next.output
}
