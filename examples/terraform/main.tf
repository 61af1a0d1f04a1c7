# Terraform: a gate between a job that something else has started and what depends on its end.
# The credentials come from the environment (HW_ACCESS_KEY, HW_SECRET_KEY, ...): they appear
# neither in the configuration nor in the state.

variable "job_id" {
  description = "The job_id of the reply that started the job."
  type        = string
}

variable "timeout" {
  description = "After which time the wait is given up, such as 60m."
  type        = string
  default     = "60m"
}

resource "terraform_data" "wait" {
  triggers_replace = var.job_id

  provisioner "local-exec" {
    # An apply that was interrupted goes on where it was, when it is run again.
    command = "ddswait --ready --timeout \"$TIMEOUT\" --state \"wait-$JOB_ID.json\" \"$JOB_ID\""
    environment = {
      JOB_ID  = var.job_id
      TIMEOUT = var.timeout
    }
  }
}

resource "terraform_data" "next" {
  depends_on = [terraform_data.wait]
  input      = "the database takes operations"
}

output "next" {
  value = terraform_data.next.output
}
